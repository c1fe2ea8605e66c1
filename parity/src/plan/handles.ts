/**
 * What a plan's node is while the program is built: a handle of the public API, with the types of its keys and values. The handles'
 * own types end here: a plan is data, so what it puts together is checked when it runs.
 */
import type {
  GlobalKTable,
  KCogrouped,
  KCogroupedSessions,
  KCogroupedWindowed,
  KGrouped,
  KSessions,
  KStream,
  KTable,
  KTableGrouped,
  KWindowed,
} from '@millrace/core'
import type { PlanType } from './types.ts'

interface Typed {
  readonly key: PlanType
  readonly value: PlanType
}

export interface StreamHandle extends Typed {
  readonly kind: 'stream'
  readonly stream: KStream<any, any>
}
export interface TableHandle extends Typed {
  readonly kind: 'table'
  readonly table: KTable<any, any>
}
export interface GlobalHandle extends Typed {
  readonly kind: 'global'
  readonly table: GlobalKTable<any, any>
}
export interface GroupedHandle extends Typed {
  readonly kind: 'grouped'
  readonly grouped: KGrouped<any, any>
}
export interface TableGroupedHandle extends Typed {
  readonly kind: 'table-grouped'
  readonly grouped: KTableGrouped<any, any>
}
export interface WindowedHandle extends Typed {
  readonly kind: 'windowed'
  readonly windowed: KWindowed<any, any>
}
export interface SessionsHandle extends Typed {
  readonly kind: 'sessions'
  readonly windowed: KSessions<any, any>
}
export interface CogroupedHandle extends Typed {
  readonly kind: 'cogrouped'
  readonly grouped: KCogrouped<any, any>
}
export interface CogroupedWindowedHandle extends Typed {
  readonly kind: 'cogrouped-windowed'
  readonly windowed: KCogroupedWindowed<any, any>
}
export interface CogroupedSessionsHandle extends Typed {
  readonly kind: 'cogrouped-sessions'
  readonly windowed: KCogroupedSessions<any, any>
}

export type Handle =
  | StreamHandle
  | TableHandle
  | GlobalHandle
  | GroupedHandle
  | TableGroupedHandle
  | WindowedHandle
  | SessionsHandle
  | CogroupedHandle
  | CogroupedWindowedHandle
  | CogroupedSessionsHandle

export type HandleOf<K extends Handle['kind']> = Extract<Handle, { readonly kind: K }>
