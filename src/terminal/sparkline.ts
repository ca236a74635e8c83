const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** One bar for each value, the greatest one full, zero the lowest; unknown values are dots. */
export function sparkline(values: readonly (number | null)[]): string {
  const most = values.reduce<number>((greatest, value) => Math.max(greatest, value ?? 0), 0);
  return values
    .map((value) => {
      if (value === null) return "·";
      if (value <= 0) return BARS[0];
      return BARS[Math.max(1, Math.ceil((value / most) * BARS.length) - 1)];
    })
    .join("");
}
