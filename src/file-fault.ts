import { InvalidInputError } from "./errors.ts";

/** Faults of a disk or of its permissions, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
};

/** Calls of a file system; EACCES also comes from `listen`, `connect` and `spawn`. */
const FILE_CALLS =
  /^(access|chmod|copyfile|fdatasync|fsync|ftruncate|lstat|mkdir|mkdtemp|open|opendir|read|rename|rm|rmdir|scandir|stat|symlink|truncate|unlink|utime|write)$/;

/**
 * Why a file or directory could not be written, for the end of a message.
 * @param error of `node:fs`
 */
export function writeFaultReason(error: unknown): string {
  const { code = "", syscall, message } = error as NodeJS.ErrnoException;
  // mkdir({ recursive: true }) says ENOENT of a parent that takes no directories, such as a read-only disk.
  if (code === "ENOENT" && syscall === "mkdir") return "the place is not writable";
  return REASONS[code] ?? message;
}

/**
 * The user's error that a fault of the disk is, whoever met it; undefined for every other error, which may be
 * a bug. Node names no path where a write to an open file failed.
 */
export function fileFault(error: unknown): InvalidInputError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = "", syscall = "", path } = error as NodeJS.ErrnoException;
  const notWritable = code === "ENOENT" && syscall === "mkdir";
  if (!FILE_CALLS.test(syscall) || !(notWritable || REASONS[code])) return undefined;
  return new InvalidInputError(`${path ?? "A file"} cannot be used: ${writeFaultReason(error)}.`, {
    code: "NOT_WRITABLE",
    hint: "Check its permissions and the disk's free space; edp keeps its state under .edp/ in the project directory.",
    cause: error,
  });
}
