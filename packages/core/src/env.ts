/**
 * Env is the only way to time, randomness, ids, threads and logs (law 9: a run is a function of topology, inputs
 * and seed). `realEnv()` is the one implementation that touches the machine; the test driver and the simulation
 * bring their own. Durations are measured by `monotonic`, never by `now`: the wall clock steps.
 */
import { randomBytes } from 'node:crypto'

export interface Clock {
  /** Milliseconds since 1970 of the wall clock. It may step in either direction. */
  now(): number
  /** Milliseconds from an unknown start that never go back. */
  monotonic(): number
}

export interface Timers {
  /** Calls `fn` once after `ms`. The returned function cancels; it is safe to call twice. */
  after(ms: number, fn: () => void): () => void
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Lets I/O happen and comes back as soon as it has. */
  yield(): Promise<void>
  /** A signal that aborts after `ms`, and the function that releases its timer. */
  deadline(ms: number): { readonly signal: AbortSignal; release(): void }
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFn = (
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void

export interface Env {
  readonly clock: Clock
  readonly timers: Timers
  /** In [0, 1). */
  random(): number
  /** A fresh id: unique across processes, sortable by creation within one. */
  id(): string
  /** Runs byte work (encoding, compression) off the loop where that pays, inline in a simulation. */
  offload<T>(work: () => T): Promise<T>
  readonly log: LogFn
}

export function realEnv(options: { log?: LogFn } = {}): Env {
  const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
  return Object.freeze({
    clock,
    timers: realTimers(),
    random: () => Math.random(),
    id: idsFrom(clock),
    // Node 20 has no cheap hand-over of closures to a thread: byte work runs inline, one macrotask later.
    offload: <T>(work: () => T) =>
      new Promise<T>((resolve, reject) => setImmediate(() => settle(work, resolve, reject))),
    log: options.log ?? logToStderr,
  })
}

function settle<T>(
  work: () => T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(work())
  } catch (error) {
    reject(error)
  }
}

function realTimers(): Timers {
  const after = (ms: number, fn: () => void): (() => void) => {
    const timer = setTimeout(fn, ms)
    return () => clearTimeout(timer)
  }
  return {
    after,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason)
        const stop = (): void => {
          cancel()
          reject(signal?.reason)
        }
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', stop)
          resolve()
        })
        signal?.addEventListener('abort', stop, { once: true })
      }),
    yield: () => new Promise<void>((resolve) => setImmediate(resolve)),
    deadline: (ms) => {
      const controller = new AbortController()
      const cancel = after(ms, () => controller.abort(new Error(`no answer within ${ms} ms`)))
      return { signal: controller.signal, release: cancel }
    },
  }
}

/** 48 bits of time, 80 random bits, in lower-case base 32: sorts by creation, as ULIDs do. */
function idsFrom(clock: Clock): () => string {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz'
  return () => {
    let time = clock.now()
    let text = ''
    for (let i = 0; i < 10; i++) {
      text = digits[time % 32]! + text
      time = Math.floor(time / 32)
    }
    for (const byte of randomBytes(16)) text += digits[byte & 31]!
    return text
  }
}

const logToStderr: LogFn = (level, message, fields) => {
  if (level === 'debug') return
  const tail = fields === undefined ? '' : ` ${JSON.stringify(fields)}`
  process.stderr.write(`${level} ${message}${tail}\n`)
}
