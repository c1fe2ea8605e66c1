/** validate: gives rows the type of a Standard Schema (zod, valibot, arktype, ...); what does not fit goes to `invalid`. */
import type { KStream, StandardSchemaV1, ValidateOptions } from '@millrace/core'

export function validate<S extends StandardSchemaV1>(
  schema: S,
  options?: ValidateOptions,
): <K>(stream: KStream<K, unknown>) => KStream<K, StandardSchemaV1.InferOutput<S>> {
  return (stream) => stream.validate(schema, options)
}
