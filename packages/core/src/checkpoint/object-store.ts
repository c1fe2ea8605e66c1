/**
 * ObjectStore: where commit records live (a directory, S3, memory). The conformance suite is the specification.
 *
 * - `create` is create-once and the fence of the whole protocol: of any number of concurrent calls for one key exactly
 *   one gets 'created', even if callers crash in the middle; the object is then whole and durable, never torn. The
 *   rest get 'exists'. An error leaves it open whether the object is there: the caller tries the same bytes again.
 * - `list` is strongly consistent: it shows every object whose `create` answered before the call, in byte order of
 *   the keys, those behind `after` only.
 * - Keys are paths of `/`-separated segments that `encodeSegment` made. A store refuses any other key.
 */
export interface StoredObject {
  readonly bytes: Uint8Array
}

export interface ObjectStore {
  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>
  get(key: string): Promise<StoredObject | undefined>
  list(prefix: string, after?: string): Promise<readonly string[]>
  delete(keys: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** A path segment from any text: letters, digits, `_`, `-`, `.`, `=` and non-ASCII stay, the rest is percent-encoded. */
export function encodeSegment(text: string): string {
  let out = ''
  for (const char of text) {
    const code = char.codePointAt(0)!
    out +=
      code > 0x7f || /[A-Za-z0-9_.=-]/.test(char)
        ? char
        : `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  }
  if (out === '' || out === '.' || out === '..')
    return out === '' ? '%' : out.replaceAll('.', '%2E')
  return out
}
