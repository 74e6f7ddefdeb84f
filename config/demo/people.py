"""Who the demo is about: made-up names, and towns of metropolitan Chicago."""

ZIP_CODES = (
    "60614", "60301", "60622", "60402", "60201", "60647", "60546", "60077", "60640", "60068",
    "60657", "60126", "60637", "60453", "60615", "60056", "60608", "60091", "60515", "60805",
    "60015", "60540", "60173", "60462",
)  # fmt: skip
STREETS = ("Maple Ave", "Lake St", "Harlem Ave", "Ridge Rd", "Oak St", "Park Blvd", "Prairie Ave")
FIRST_NAMES = (
    "Ada", "Ben", "Carla", "Dev", "Edith", "Farid", "Grace", "Hugo", "Ines", "Jonah",
    "Keiko", "Luis", "Mina", "Noel", "Opal", "Pavel", "Quinn", "Rosa", "Sven", "Tara",
)  # fmt: skip
LAST_NAMES = (
    "Byrne", "Okafor", "Larsen", "Ortiz", "Haddad", "Novak", "Sato", "Moreau", "Quist", "Abara",
    "Duarte", "Keller", "Ivanova",
)  # fmt: skip
ESCORTS = ("Sam Ortiz", "Robin Hale", "Kim Adler", "Jo Winter", "Alex Rivera")

# E-mail, name, ZIP code of the home, weekdays on shift.
NURSES = (
    ("nurse@example.com", "Cleo Marsh", "60622", range(7)),
    ("nurse2@example.com", "Dara Finch", "60201", (0, 1, 2, 3, 4)),
    ("nurse3@example.com", "Elias Brandt", "60402", (0, 1, 2, 3, 6)),
    ("nurse4@example.com", "Femi Adeyemi", "60453", (0, 1, 4, 5, 6)),
    ("nurse5@example.com", "Gwen Park", "60126", (2, 3, 4, 5, 6)),
    ("nurse6@example.com", "Hana Suzuki", "60637", (1, 2, 3, 4, 5)),
    ("nurse7@example.com", "Ivan Petrov", "60056", (0, 2, 4, 5, 6)),
    ("nurse8@example.com", "Julia Reyes", "60515", (0, 1, 3, 5, 6)),
)
DESK_NURSES = (
    ("desk@example.com", "Kofi Mensah", "60614", range(7)),
    ("desk2@example.com", "Lena Vogel", "60657", range(7)),
)
STAFF = (
    ("dispatcher@example.com", "Dan Whitlock", "dispatcher"),
    ("clinician@example.com", "Erin Cole", "clinician"),
    ("admin@example.com", "Avery Stone", "administrator"),
)
PATIENTS = 60


def full_name(number: int) -> str:
    """Return the name of the n-th person; 260 differ."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    return f"{first} {LAST_NAMES[number % len(LAST_NAMES)]}"
