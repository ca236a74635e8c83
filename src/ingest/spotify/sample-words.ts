type Words = readonly [string, ...string[]];

/** Parts of made-up titles. Few, so that names collide as they do in a real catalogue. */
export const TITLE_WORDS: Words = [
  "Harbour",
  "Static",
  "Lantern",
  "Señales",
  "Ølen",
  "Mañana",
  "Żuraw",
  "Tide",
  "Copper",
  "夜明け",
  "Μέλι",
  "Весна",
  "Hollow",
  "Meridian",
  "Cathédrale",
  "Paper",
];

/** Whole titles that break what is built from names: separators, wildcards, quotes, right-to-left, emoji. */
export const TITLES: Words = [
  "Intro",
  "Outro",
  "Untitled",
  "Either/Or Not",
  "Who's There?",
  "AM/PM (feat. Nobody) [Live]",
  "100% Pure & Simple",
  "../Somewhere Else",
  "C:\\Drive",
  'The "Quoted" One',
  "#1 + 1 = ?",
  "مرحبا",
  "🌊🌙",
  "Ångström/Δx",
  "  Spaces  ",
];

export const GENRES: Words = [
  "harbour pop",
  "slow folk",
  "städtepop",
  "minimal brass",
  "neo fado",
  "tape rock",
];

export const COPYRIGHT_HOLDERS: Words = ["Long Pier Records", "Ø/Discs", "Nachtzug Tonträger", "Casa Ñandú"];

/** Countries, ISO 3166-1 alpha-2. */
export const MARKETS: readonly string[] = (
  "AD AE AL AM AR AT AU AZ BA BB BD BE BG BH BO BR BW BY BZ CA CH CL CM CO CR CY CZ DE DK DO DZ EC EE EG ES " +
  "FI FJ FR GB GE GH GR GT HK HN HR HU ID IE IL IN IS IT JM JO JP KE KR KW KZ LB LI LT LU LV MA MC MD ME MK MT " +
  "MX MY NG NI NL NO NZ OM PA PE PH PK PL PT PY QA RO RS SA SE SG SI SK SN SV TH TN TR TW UA US UY UZ VN ZA"
).split(" ");
