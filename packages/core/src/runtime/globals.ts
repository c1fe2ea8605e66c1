/**
 * Globals: the global tables of a worker and their sources. They are read to the end before the first task opens, and from then on
 * between the turns of the tasks.
 */
import type { Log } from '../log/log.ts'
import type { SourcePort } from '../log/source-port.ts'
import type { GlobalNode } from '../topology/graph-node.ts'
import { GlobalTable } from './global-table.ts'

const rowsPerPoll = 1_000

interface Reading {
  readonly table: GlobalTable
  readonly port: SourcePort
  readonly splits: readonly string[]
}

export class Globals {
  readonly tables: ReadonlyMap<string, GlobalTable>
  readonly #reading: readonly Reading[]

  private constructor(reading: ReadonlyMap<string, Reading>) {
    this.tables = new Map([...reading].map(([name, { table }]) => [name, table]))
    this.#reading = [...reading.values()]
  }

  /** Resolves once each table has been read to the end that its log knows of. */
  static async open(
    nodes: readonly GlobalNode[],
    logOf: (system: string) => Log,
    signal: AbortSignal,
    onBadRow: (node: GlobalNode) => (error: unknown) => void,
  ): Promise<Globals> {
    const reading = new Map<string, Reading>()
    for (const node of nodes) {
      const { name, source } = node
      const log = logOf(source.log.system)
      const port = log.source(source.topic)
      const splits = await log.admin.splits(source.topic)
      for (const split of splits) await port.open(split, 'earliest')
      reading.set(name, {
        table: new GlobalTable(source, onBadRow(node)),
        port,
        splits: splits.map(({ id }) => id),
      })
    }
    const globals = new Globals(reading)
    for (const { port, splits } of globals.#reading)
      while (!signal.aborted) {
        globals.poll()
        if (splits.every((split) => port.caughtUp(split))) break
        await port.ready(signal)
      }
    return globals
  }

  /** Applies what has been fetched. True if there was something. */
  poll(): boolean {
    let polled = false
    for (const { table, port } of this.#reading) {
      const batch = port.poll(rowsPerPoll)
      if (batch === undefined) continue
      polled = true
      for (let row = 0; row < batch.length; row++)
        table.apply(batch.key(row), batch.value(row), batch.timestamp(row))
    }
    return polled
  }

  /** Calls when there is something to poll; once. */
  arm(signal: AbortSignal, wake: () => void): void {
    for (const { port } of this.#reading) port.ready(signal).then(wake, wake)
  }

  async close(): Promise<void> {
    for (const { port, splits } of this.#reading)
      for (const split of splits) await port.close(split)
  }
}
