/** RowOperator: a processor that is one step. The wiring fuses neighbours into one chain; alone it is a chain of one. */
import { Chain } from './chain.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'
import type { Row } from './row.ts'
import type { Step } from './step.ts'

export abstract class RowOperator implements Processor {
  readonly step: Step
  #alone!: Chain

  constructor(step: Step) {
    this.step = step
  }

  open(node: Node): void {
    this.step.open(node)
    this.#alone = new Chain([this.step])
  }

  process(key: unknown, value: unknown, row: Row): void {
    this.#alone.process(key, value, row)
  }
}
