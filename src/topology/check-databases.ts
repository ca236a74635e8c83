import type { Fault } from "./faults.ts";
import type { Pipeline } from "./types.ts";

/** Databases that a PostgreSQL server has of its own. */
const TAKEN = ["postgres", "rdsadmin", "template0", "template1"];

/** What RDS demands of a database's name, of its identifier and of its storage: CreateDBInstance. */
export function checkDatabases({ name, databases }: Pipeline): Fault[] {
  return Object.entries(databases).flatMap(([key, { storageGb, maxStorageGb }]) => {
    const path = ["databases", key];
    const faults: Fault[] = [];
    // DBName takes no hyphen, and the key is the database's name everywhere.
    if (!/^[a-z][a-z0-9]*$/.test(key)) {
      faults.push({ path, message: "must be letters and digits only: it is the name of the database" });
    } else if (TAKEN.includes(key)) {
      faults.push({ path, message: "is the name of a database that every server has: choose another" });
    }
    if (/--|-$/.test(name)) {
      const message = `can't be the identifier ${name}-${key}: RDS takes no two hyphens in a row`;
      faults.push({ path, message });
    }
    if (maxStorageGb < storageGb) {
      const message = `must be at least storageGb (${storageGb})`;
      faults.push({ path: [...path, "maxStorageGb"], message });
    }
    return faults;
  });
}
