/**
 * What a service says, or null where it says no: the thing is gone, the caller may not ask, an emulator lacks the call.
 * @throws the error itself where nothing answered
 */
export async function answered<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return null;
  }
}

/** Whether an SDK error is what a service answered: otherwise nothing answered, or nobody could be asked. */
export function isAnswer(error: unknown): boolean {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  // An emulator may answer in a form that is not the service's; the SDK then keeps the response beside the error.
  return ($metadata?.httpStatusCode ?? $response?.statusCode) !== undefined;
}
