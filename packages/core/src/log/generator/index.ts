/** A source whose rows are made by a function: for first steps, tests and benchmarks. No I/O. */
export { generator } from './spec.ts'
export type { GeneratedRow, GeneratorOptions, GeneratorSource } from './spec.ts'
