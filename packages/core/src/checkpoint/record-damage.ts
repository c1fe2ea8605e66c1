/**
 * What the parts of the record decoder throw: what is wrong, without the place. `decodeRecord`
 * turns it into a MILLRACE_RECORD_DAMAGED that names the record; `encodeRecord`, which reads back
 * what it wrote, into a bug report.
 */
export class Damage extends Error {}

export function intact(condition: boolean, orElse: string): asserts condition {
  if (!condition) throw new Damage(orElse)
}
