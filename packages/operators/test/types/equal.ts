/**
 * Types compared without a library: `check<Equal<A, B>>()` compiles only when they are the same. By assignability of
 * generic functions, which tells `any` from `unknown`; how a compiler prints types plays no part.
 */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export declare function check<_Is extends true>(): void
