/**
 * Progress: one living line on stderr; where that is no terminal, a line a second. Log lines go round it. Warnings of a
 * node are shown once: the summary counts the rest.
 */
import type { App, LogFn } from '@millrace/core'
import { count, inSeconds, summaryOf } from './summary.ts'

const beatMs = 1_000
const beatMsTerminal = 200

export class Progress {
  readonly #terminal: boolean = process.stderr.isTTY
  #timer: NodeJS.Timeout | undefined = undefined
  #before: { readonly at: number; readonly records: number } = { at: 0, records: 0 }
  #shown = ''
  readonly #warned: Set<string> = new Set()

  readonly log: LogFn = (level, message, fields) => {
    if (level === 'debug') return
    const node = fields?.['node']
    if (level === 'warn' && typeof node === 'string') {
      if (this.#warned.has(node)) return
      this.#warned.add(node)
      this.say(
        `${level} ${message} (node ${node}, behind ${String(fields?.['split'])} ${String(fields?.['position'])}; more of these are counted only)`,
      )
      return
    }
    this.say(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`)
  }

  say(line: string): void {
    this.#clear()
    process.stderr.write(`${line}\n${this.#shown}`)
  }

  start(app: App): void {
    this.#before = { at: performance.now(), records: 0 }
    this.#timer = setInterval(() => this.#beat(app), this.#terminal ? beatMsTerminal : beatMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#clear()
    this.#shown = ''
  }

  #beat(app: App): void {
    if (app.state !== 'RUNNING') return
    const { records, outputs, deadLettered, late, watermarkLagMs, lag } = summaryOf(app.report())
    const at = performance.now()
    const rate = ((records - this.#before.records) * 1_000) / (at - this.#before.at)
    this.#before = { at, records }
    const line = `${count(records)} rows read, ${count(Math.round(rate))}/s, ${count(outputs)} scored, ${count(deadLettered)} dead letters, ${count(late)} late, lag ${count(lag)}, watermark ${inSeconds(watermarkLagMs)} behind`
    if (!this.#terminal) {
      process.stderr.write(`${line}\n`)
      return
    }
    this.#clear()
    this.#shown = line
    process.stderr.write(line)
  }

  /** Takes the living line away, so that something else can be written there. */
  #clear(): void {
    if (this.#shown !== '') process.stderr.write('\r\u001b[K')
  }
}
