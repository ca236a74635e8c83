import packageJson from "../package.json" with { type: "json" };

/** Version of this edp. */
export const VERSION: string = packageJson.version;
