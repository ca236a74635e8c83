/** Lambda's package types: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
export const PACKAGINGS = ["zip", "image"] as const;

/** How a function's bundle gets to AWS. */
export type Packaging = (typeof PACKAGINGS)[number];
