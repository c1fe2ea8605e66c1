/**
 * The answer of a log that has it in memory, as the contracts want it: a throw becomes a rejection.
 */
export function answer<T>(find: () => T): Promise<T> {
  return new Promise((resolve) => resolve(find()))
}
