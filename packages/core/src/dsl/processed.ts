/** The node of a user's own processor, with the stores it declares and those of its timers. */
import { Custom } from '../processors/custom.ts'
import type { Processor } from '../processors/processor.ts'
import { timerStores } from '../processors/timers.ts'
import type { TimerStores } from '../processors/timers.ts'
import { keyCodec } from '../serde/key-codec.ts'
import type { GraphNode } from '../topology/graph-node.ts'
import { addRow } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { ProcessOptions } from './kstream.ts'

export function addProcessor(
  cursor: Cursor,
  verb: string,
  make: () => Processor,
  options: ProcessOptions,
  keyFixed: boolean,
): GraphNode {
  const stores = Object.freeze([...(options.stores ?? [])])
  const { timers = false } = options
  // Named after the node, which has its name once it is added.
  let own: TimerStores | undefined
  const node = addRow(cursor.build, verb, options, {
    inputs: [cursor.node],
    make: () => new Custom(make(), keyFixed, own),
    changesKey: !keyFixed,
    atMostOne: false,
    stateful: stores.length > 0 || timers !== false,
    stores: () => (own === undefined ? stores : [...stores, own.event, own.processing]),
  })
  if (timers !== false)
    own = timerStores(node.name, timers === true ? (cursor.key ?? keyCodec()) : timers)
  return node
}
