/** Whether a content type, parameters and all, is among the binary ones; a star stands for any name on its side. */
export function isBinary(contentType: string | undefined, binaryMediaTypes: readonly string[]): boolean {
  const type = mediaType(contentType);
  return binaryMediaTypes.some((binary) => {
    if (binary === "*/*" || binary === type) return true;
    return binary.endsWith("/*") && type.startsWith(binary.slice(0, -1));
  });
}

/** The bare type, in lower case; API Gateway takes a missing one for `application/json`. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? "").split(";")[0]?.trim().toLowerCase() || "application/json";
}
