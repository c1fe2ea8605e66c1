/**
 * Where a run keeps its state and writes its output. The files of one state never mix with those of another: each output
 * folder carries the id of its state, and a folder that is in use already is refused. Without `--state` the state is a
 * temporary folder; without `--out` the output goes into a new folder, or where this state has written before.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError, recordsDefault, seedDefault } from './options.ts'
import type { Options } from './options.ts'

export interface Run {
  readonly records: number
  readonly seed: number
  readonly state: string
  readonly out: string
  /** The state goes when the run has ended well. */
  readonly temporary: boolean
}

/** `run.json` in the state. */
interface StateNote {
  readonly id: string
  readonly seed: number
  readonly records: number
  readonly out: string
}

const folders = ['scores', 'alerts', 'velocity', 'late', 'dead-letters']

export function openRun(options: Options): Run {
  const given = options.state === undefined ? undefined : resolve(options.state)
  const known =
    given === undefined ? undefined : (readNote(join(given, 'run.json')) as StateNote | undefined)
  const seed = options.seed ?? known?.seed ?? seedDefault
  const records = options.records ?? known?.records ?? recordsDefault
  if (known !== undefined) refuseOtherStream(known, { seed, records }, given!)
  const id = known?.id ?? randomUUID()
  const out = options.out === undefined ? (known?.out ?? newFolder()) : resolve(options.out)
  claim(out, id, known !== undefined)
  if (given !== undefined) mkdirSync(given, { recursive: true })
  const state = given ?? mkdtempSync(join(tmpdir(), 'millrace-fraud-'))
  writeFileSync(
    join(state, 'run.json'),
    `${JSON.stringify({ id, seed, records, out } satisfies StateNote)}\n`,
  )
  return { records, seed, state, out, temporary: given === undefined }
}

function refuseOtherStream(
  known: StateNote,
  wanted: { seed: number; records: number },
  state: string,
): void {
  if (wanted.seed !== known.seed) {
    throw new UsageError(
      `the state in ${state} belongs to the stream of --seed ${known.seed}: go on with that one, or give another --state`,
    )
  }
  if (wanted.records < known.records) {
    throw new UsageError(
      `the state in ${state} belongs to a stream of ${known.records} rows: --records counts the whole stream, so give at least as many, or another --state`,
    )
  }
}

/** Makes the folder ours, or says whose it is. */
function claim(out: string, id: string, resumed: boolean): void {
  const note = join(out, '.run.json')
  const owner = (readNote(note) as { state?: string } | undefined)?.state
  const used = folders.some((folder) => existsSync(join(out, folder)))
  if (owner === undefined ? used : owner !== id) {
    throw new UsageError(
      `${out} holds the output of another run: give another --out, remove it first${resumed ? '' : ', or go on with that run by its --state'}`,
    )
  }
  mkdirSync(out, { recursive: true })
  writeFileSync(note, `${JSON.stringify({ state: id })}\n`)
}

/** `out/fraud/<time>`, which did not exist before. */
function newFolder(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  mkdirSync('out/fraud', { recursive: true })
  for (let n = 1; ; n++) {
    const path = resolve('out/fraud', n === 1 ? time : `${time}.${n}`)
    try {
      mkdirSync(path)
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function readNote(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${path} cannot be read: remove its folder, or give another one`)
  }
}
