import { expect } from 'chai'
import { createApp, session, sliding, tumbling } from '@millrace/core'
import type { KTable, Windowed } from '@millrace/core'
import { fold } from '../../../src/checkpoint/fold.ts'
import type { FoldedState } from '../../../src/checkpoint/fold.ts'
import { Task } from '../../../src/runtime/task.ts'
import type { Restored } from '../../../src/runtime/task.ts'
import { sinksOf } from '../../../src/runtime/wiring.ts'
import { MemoryTaskState } from '../../../src/state/memory/task-state.ts'
import { CapturePort } from '../../../src/testing/capture.ts'
import type { CapturedRow } from '../../../src/testing/capture.ts'
import { TestBatch } from '../../../src/testing/test-batch.ts'
import type { TestRow } from '../../../src/testing/test-batch.ts'
import { sink, source } from '../../runtime/random-graph.ts'

const keys = Array.from({ length: 100 }, (_, i) => `k${String(i).padStart(3, '0')}`)
const kinds = { session: session('10ms'), sliding: sliding('10ms'), tumbling: tumbling('10ms') }

function rowOf(key: string, timestamp: number): TestRow {
  return { key, value: utf8.encode('{}'), timestamp }
}

const utf8 = new TextEncoder()

describe('what closes at one T', () => {
  for (const [kind, window] of Object.entries(kinds))
    for (const clock of ['watermark', 'streamTime'] as const)
      it(`leaves once, in order, over a crash behind each slice of the drain: ${kind}, ${clock}`, () => {
        const app = createApp({ id: 'drains', clock })
        const grouped = app.stream(source('in')).groupByKey()
        const windowed = (
          window.kind === 'session' ? grouped.windowedBy(window) : grouped.windowedBy(window)
        ).emit('close')
        const table: KTable<Windowed<string>, number> = windowed.count()
        table.toStream().to(sink('out'))
        const part = app.topology().subTopologies[0]!
        const rows = keys.map((key) => rowOf(key, 100))
        rows.push(rowOf('z', 1_000))

        const state: FoldedState = new Map()
        const shown: CapturedRow[] = []
        let restored: Restored | undefined
        let crashes = 0
        for (let end = 'more'; end === 'more'; crashes++) {
          const task = new Task({
            app: 'drains',
            task: 'in/0',
            part,
            splits: [{ id: 'in:0', topic: 'in', partition: 0 }],
            ports: new Map(
              [...sinksOf(part, 'fail').keys()].map((name) => [name, new CapturePort(shown)]),
            ),
            onError: 'fail',
            random: () => 0,
            log: () => {},
            restored,
            state: new MemoryTaskState(),
            drainRows: 7,
          })
          task.tick(0, 0)
          const taken = Number(restored?.positions.get('in:0') ?? 0)
          task.offer(new TestBatch('in:0', taken, rows.slice(taken)))
          task.caughtUp('in:0', true)
          end = task.run(1)
          const { deltas, positions, watermarks } = task.freeze()
          fold(state, deltas)
          restored = { positions, watermarks, state }
        }
        expect(crashes).greaterThan(keys.length + keys.length / 7)
        expect(shown.map(({ key }) => (key as Windowed<string>).key)).deep.equal(keys)
      })
})
