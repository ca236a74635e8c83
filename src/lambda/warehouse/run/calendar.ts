/** One row of if_common.dim_dates. */
export interface CalendarDay {
  /** yyyy-mm-dd */
  date: string;
  /** 1 is Monday, as in ISO 8601. */
  dayOfTheWeek: number;
  workingDay: boolean;
}

const DAY_MS = 86_400_000;
const LAST_WORKING_DAY = 5;

/**
 * Every day of the years with the public holidays of a country (`US`) or a part of one (`DE-BY`): a working day is
 * Monday to Friday and no public holiday. The library is imported here only: it brings the rules of 200 countries.
 * @throws Error for a country that date-holidays doesn't know
 */
export async function calendar(country: string, first: number, last: number): Promise<CalendarDay[]> {
  const holidays = await publicHolidays(country, first, last);
  const days: CalendarDay[] = [];
  for (let at = Date.UTC(first, 0, 1); at < Date.UTC(last + 1, 0, 1); at += DAY_MS) {
    const date = isoDate(at);
    const dayOfTheWeek = new Date(at).getUTCDay() || 7;
    days.push({
      date,
      dayOfTheWeek,
      workingDay: dayOfTheWeek <= LAST_WORKING_DAY && !holidays.has(date),
    });
  }
  return days;
}

async function publicHolidays(country: string, first: number, last: number): Promise<Set<string>> {
  const { default: Holidays } = await import("date-holidays");
  const [land = "", ...parts] = country.split("-");
  const known = new Holidays();
  if (!known.getCountries()[land])
    throw new Error(`HOLIDAY_COUNTRY=${country} is no country of date-holidays`);
  known.init(land, ...(parts as [string?, string?]));
  const dates = new Set<string>();
  // A holiday of the last days of a year may be observed in the first of the next.
  for (let year = first - 1; year <= last; year++) {
    for (const { type, date, start, end } of known.getHolidays(year)) {
      if (type !== "public") continue;
      const begin = Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
      const days = Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS));
      for (let day = 0; day < days; day++) dates.add(isoDate(begin + day * DAY_MS));
    }
  }
  return dates;
}

const isoDate = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
