/**
 * Names of the files: `part-{sub-topology}-{task}-{seq}.ndjson`. Free text is percent-encoded, so it never leads out of
 * the directory, and the task's '-' as well, so different commits have different names: read from the right, the seq
 * is digits and the task has no '-'.
 */
import { MillraceError } from '@millrace/core'
import type { SinkContext } from '@millrace/core/sink'

/** Most file systems take 255 bytes; the temporary name adds a dot and an id of 26 letters. */
const nameBytesMax = 220
const seqDigits = 12
const suffix = '.ndjson'

/** What the names of all commits of a task begin with. */
export function partPrefix(place: Pick<SinkContext, 'subTopology' | 'task' | 'node'>): string {
  const { subTopology, task, node } = place
  const prefix = `part-${encode(subTopology)}-${encode(task).replaceAll('-', '%2D')}-`
  if (prefix.length + seqDigits + suffix.length <= nameBytesMax) return prefix
  throw new MillraceError(
    'MILLRACE_CONFIG',
    `the sub-topology ${subTopology} has a name too long for that of a file: give its source a shorter { name }`,
    { at: { subTopology, task, node } },
  )
}

export function partName(prefix: string, seq: number): string {
  return `${prefix}${String(seq).padStart(seqDigits, '0')}${suffix}`
}

/** True for the name of a commit of this very task, also when the task's name is the beginning of another's. */
export function isPartOf(prefix: string, name: string): boolean {
  return name.startsWith(prefix) && /^\d{12,}\.ndjson/.test(name.slice(prefix.length))
}

/** Letters, digits, '_', '-' and '.' stay: behind `part-` no dot can mean a folder. */
function encode(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte)
    encoded += /[A-Za-z0-9_.-]/.test(char)
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
