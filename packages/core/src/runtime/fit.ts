/**
 * Does the topology fit its checkpoint? The newest `{app}/app/{version}.json` says what the app was; additions make the next
 * version, anything removed, moved or changed is refused with the list of it (law 11): it would leave state and rows behind.
 */
import type { ObjectStore } from '../checkpoint/object-store.ts'
import { encodeSegment } from '../checkpoint/object-store.ts'
import { MillraceError } from '../errors.ts'
import { diffFingerprints } from '../topology/fingerprint.ts'
import type { Fingerprint, FingerprintEntry } from '../topology/fingerprint.ts'

export async function fit(
  store: ObjectStore,
  app: string,
  fingerprint: Fingerprint,
  write: boolean,
): Promise<void> {
  const prefix = `${encodeSegment(app)}/app/`
  for (;;) {
    // A sub-topology may be called app: its records lie below this prefix, too.
    const newest = (await store.list(prefix))
      .filter((key) => /^\d{6}\.json$/.test(key.slice(prefix.length)))
      .at(-1)
    const version = newest === undefined ? 0 : Number(newest.slice(prefix.length, -'.json'.length))
    if (newest !== undefined) {
      const stored = parse(await store.get(newest), newest)
      if (stored.hash === fingerprint.hash) return
      refuseMisfit(diffFingerprints(stored.entries, fingerprint.entries), app)
    }
    if (!write) return
    const next = `${prefix}${String(version + 1).padStart(6, '0')}.json`
    if (
      (await store.create(next, new TextEncoder().encode(JSON.stringify(fingerprint)))) ===
      'created'
    )
      return
  }
}

function refuseMisfit(changes: readonly string[], app: string): void {
  const breaking = changes.filter((line) => !line.startsWith('added'))
  if (breaking.length === 0) return
  throw new MillraceError(
    'MILLRACE_TOPOLOGY_CHANGED',
    `this topology does not fit its checkpoint:\n${changes.map((line) => `  - ${line}`).join('\n')}\nGive the nodes their old names with { name: '...' }, or start with another checkpoint or app id`,
    { at: { app } },
  )
}

function parse(
  stored: { readonly bytes: Uint8Array } | undefined,
  key: string,
): { hash: string; entries: readonly FingerprintEntry[] } {
  try {
    return JSON.parse(new TextDecoder().decode(stored!.bytes)) as Fingerprint
  } catch (cause) {
    throw new MillraceError(
      'MILLRACE_RECORD_DAMAGED',
      `the object ${key} cannot be read: restore it from a copy`,
      { cause },
    )
  }
}
