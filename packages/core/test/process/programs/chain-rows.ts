// What the rows of the chain are and which of them are poison: shared by the program and by whoever checks it.
export interface ChainRow {
  readonly n: number
  /** The steps it has passed. */
  readonly by: readonly string[]
  /** At the end: how many rows of its key have come there, itself included. State says so. */
  readonly seen?: number
}

/** Even many keys, and two splits: a key's rows are all in one split. */
export const keyOf = (n: number): string => `key-${n % 20}`

export const causes = {
  map: (n: number): boolean => n % 97 === 3,
  call: (n: number): boolean => n % 89 === 5,
  late: (n: number): boolean => n % 83 === 7,
}
