/* Keeps the chosen day of the strip in sight, also after the strip was swapped. */
const show = () => {
  const day = document.querySelector(".days [aria-current]");
  const strip = day?.closest("ol");
  if (!strip) return;
  const room = strip.clientWidth - day.offsetWidth;
  strip.scrollLeft += day.getBoundingClientRect().left - strip.getBoundingClientRect().left - room / 2;
};

show();
document.addEventListener("htmx:afterSettle", show);
