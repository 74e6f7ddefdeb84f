/* The slot search as one plain loop: what a compiler makes of the same work.
 *
 * A row is a free stretch of a nurse's day: minutes from a common zero, and the numbers of the
 * places before and after it. First the drive to every place (great circle, detour, speed, whole
 * minutes up). Then for each row: the first and last start that fit, the two limits, what an
 * earlier row of the same nurse has counted already; a difference array over the starts, summed. */

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double EARTH_KM = 6371.0088, DETOUR = 1.3, KM_PER_HOUR = 40.0;

static int64_t drive(const double *a, const double *b) {
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    double half = sqrt(x * x + y * y + z * z) / 2;
    double metres = rint(1000 * DETOUR * EARTH_KM * 2 * asin(half < 1 ? half : 1));
    return (int64_t)ceil(metres / 1000 / KM_PER_HOUR * 60 - 1e-9);
}

/* places: unit vectors. starts: ascending minutes, `many` of them, from starts[0] to starts[0] +
 * span; counts: many + 1. Scratch: index, span + 2, for each minute the first start at or after
 * it; drives, one per place. */
void count_starts(
    int64_t rows, const int64_t *nurse, const int64_t *opens, const int64_t *closes,
    const int64_t *ready, const int64_t *due, const int64_t *before, const int64_t *after,
    const int64_t *between, const int64_t *spare_driving, const int64_t *spare_working,
    const double *places, int64_t all_places, const double *here, int64_t minutes, int64_t many,
    const int64_t *starts, int32_t *index, int64_t *drives, int64_t *counts) {
    int64_t zero = starts[0], span = starts[many - 1] - zero + 1, reached = 0, whose = -1;
    for (int64_t start = 0, minute = 0; minute <= span; minute++) {
        if (start < many && starts[start] < zero + minute) start++;
        index[minute] = (int32_t)start;
    }
    for (int64_t place = 0; place < all_places; place++)
        drives[place] = drive(places + 3 * place, here);
    memset(counts, 0, (size_t)(many + 1) * sizeof *counts);
    for (int64_t row = 0; row < rows; row++) {
        int64_t to = drives[before[row]], on = drives[after[row]];
        int64_t earliest = ready[row] + to, latest = due[row] - on;
        int64_t extra = to + on - between[row];
        if (nurse[row] != whose) {
            whose = nurse[row];
            reached = 0;
        }
        if (earliest < opens[row]) earliest = opens[row];
        if (latest > closes[row]) latest = closes[row];
        latest -= minutes;
        if (extra > spare_driving[row] || extra + minutes > spare_working[row]) continue;
        if (earliest > latest) continue;
        earliest -= zero;
        latest -= zero - 1;
        if (earliest < 0) earliest = 0;
        if (latest < 0) latest = 0;
        if (earliest > span) earliest = span;
        if (latest > span) latest = span;
        int64_t first = index[earliest], stop = index[latest];
        if (first < reached) first = reached;
        if (first >= stop) continue;
        reached = stop;
        counts[first]++;
        counts[stop]--;
    }
    for (int64_t start = 1; start < many; start++) counts[start] += counts[start - 1];
}
