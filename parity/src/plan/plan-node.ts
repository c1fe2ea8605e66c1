/** One node of a plan while it is built: its parameters, the nodes before it, and what all nodes of the plan share. */
import type { App, Duration, KStream } from '@millrace/core'
import type { KeyValueStore, StoreSpec } from '@millrace/core/operator'
import type { Plan, PlanNode } from '../case.ts'
import type { Handle, HandleOf } from './handles.ts'
import { Params } from './params.ts'
import { isSession, parseType } from './types.ts'
import type { PlanType } from './types.ts'

/** What all nodes of a plan share while it is built. */
export interface Building {
  readonly plan: Plan
  readonly app: App
  /** The clock of Kafka Streams, not the watermark. */
  readonly streamTime: boolean
  /** Kafka Streams' recorder ran all sub-topologies as one task, so the rows of internal logs count for its stream time. */
  readonly newest: { time: () => number }
  readonly handles: Map<string, Handle>
  /** Streams of late rows, by the node that refused them and the side. */
  readonly late: Map<string, LateStream>
  readonly stores: Map<string, StoreSpec<KeyValueStore<unknown, unknown>>>
}

export interface LateStream {
  readonly stream: KStream<any, any>
  readonly key: PlanType
  readonly value: PlanType
}

export class NodeBuild {
  readonly id: string
  readonly op: string
  readonly params: Params
  readonly building: Building
  readonly #node: PlanNode

  constructor(node: PlanNode, building: Building) {
    this.id = node.id
    this.op = node.op
    this.building = building
    this.#node = node
    this.params = new Params(`${node.id} (${node.op})`, node, ['id', 'op'])
  }

  /** The node's name in the app: what lives on is found by it, and two nodes of a plan never share one. */
  get name(): string {
    return this.id
  }

  /** The node before it, which must be one of these. */
  from<K extends Handle['kind']>(...kinds: readonly K[]): HandleOf<K> {
    return this.handle(this.params.text('from'), ...kinds)
  }

  /** The other side. */
  with<K extends Handle['kind']>(...kinds: readonly K[]): HandleOf<K> {
    return this.handle(this.params.text('with'), ...kinds)
  }

  handle<K extends Handle['kind']>(id: string, ...kinds: readonly K[]): HandleOf<K> {
    const handle = this.building.handles.get(id)
    if (handle === undefined) throw new Error(`${this.what}: there is no node ${id} before it`)
    if (kinds.includes(handle.kind as K)) return handle as HandleOf<K>
    throw new Error(`${this.what}: ${id} is a ${handle.kind}, and must be a ${kinds.join(' or ')}`)
  }

  /** Types behind the node: as it says, else these. */
  types(key: PlanType, value: PlanType): { readonly key: PlanType; readonly value: PlanType } {
    const session = isSession(key)
    const keyText = this.params.textOr('keyType', undefined)
    const valueText = this.params.textOr('valueType', undefined)
    return {
      key: keyText === undefined ? key : parseType(keyText, session),
      value: valueText === undefined ? value : parseType(valueText, isSession(value)),
    }
  }

  /** A later node reads the rows that this one refuses as late. */
  hasLate(side: string | undefined): boolean {
    return this.building.plan.nodes.some(
      (node) => node.op === 'late' && node['from'] === this.id && node['side'] === side,
    )
  }

  /** For the option `late`: keeps the stream for the node that reads it. */
  keepLate(side: string | undefined, key: PlanType, value: PlanType) {
    return (stream: KStream<any, any>): void => {
      this.building.late.set(lateId(this.id, side), { stream, key, value })
    }
  }

  get what(): string {
    return `${this.id} (${this.#node.op})`
  }
}

export function lateId(node: string, side: string | undefined): string {
  return side === undefined ? node : `${node} ${side}`
}

export function duration(ms: number): Duration {
  return `${ms}ms`
}
