/**
 * A recorded case: a program as a plan, its input, and what the reference engine made of it. Read from JSON files, each of which
 * holds an array of cases. Nothing here is trusted: what has another form than this is told, and fails its case.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Case {
  readonly name: string
  readonly plan: Plan
  readonly inputs?: readonly Input[]
  readonly expected?: readonly ExpectedRow[]
  readonly expectedDroppedRecords?: number
  /** What released engines answer where the first recording differs: it counts instead. */
  readonly expectedLatest?: Pick<Case, 'expected' | 'expectedDroppedRecords'>
  readonly expectedFailure?: { readonly after: number }
  readonly compare?: Compare
  /** A case of the topology's text: nothing runs. */
  readonly describe?: string
}

export interface Compare {
  readonly order?: 'within-after'
  readonly skipSinks?: readonly string[]
}

export interface Plan {
  readonly topics: Readonly<Record<string, TopicPlan>>
  readonly nodes: readonly PlanNode[]
  readonly config?: PlanConfig
}

export interface TopicPlan {
  readonly key: string
  readonly value: string
  readonly partitions?: number
}

export interface PlanConfig {
  readonly cache?: boolean
  readonly optimization?: string
  readonly clock?: {
    readonly type: string
    readonly outOfOrderMs: number
    readonly idleMs?: number
  }
}

export interface PlanNode {
  readonly id: string
  readonly op: string
  readonly [param: string]: unknown
}

export type Input = RowInput | { readonly advanceWallClockMs: number }

export interface RowInput {
  readonly topic: string
  readonly partition?: number
  readonly key: unknown
  readonly value: unknown
  readonly ts: number
}

export interface ExpectedRow {
  readonly sink: string
  readonly key: unknown
  readonly value: unknown
  readonly ts: number
  /** Index of the input that made the row leave. */
  readonly after: number
}

export function isRow(input: Input): input is RowInput {
  return 'topic' in input
}

/** A file of cases, or the reason why it is none. */
export type CaseFile =
  | { readonly name: string; readonly cases: readonly Case[] }
  | { readonly name: string; readonly problem: string }

/** Every `*.json` of a directory, in the order of their names. */
export function readCases(dir: string): readonly CaseFile[] {
  const names = readdirSync(dir).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => {
    try {
      const cases: unknown = JSON.parse(readFileSync(join(dir, name), 'utf8'))
      if (!Array.isArray(cases)) throw new Error('no array of cases')
      return { name, cases: cases as readonly Case[] }
    } catch (error) {
      return { name, problem: error instanceof Error ? error.message : String(error) }
    }
  })
}
