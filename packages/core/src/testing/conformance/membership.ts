/**
 * What every Membership must do. The first group is the contract of one worker; logs whose groups
 * share work run the second one, with two memberships; logs with shards the third: parents before
 * children.
 */
import type {
  Membership,
  MembershipHandlers,
  TaskAssignment,
  TaskPlan,
} from '../../log/membership.ts'
import type { Split } from '../../log/position.ts'
import { realEnv } from '../../env.ts'
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectEqual, expectRejected } from './expect.ts'
import { Reading, splitsOf, testRows } from './log-subject.ts'
import type { LogSubject, LogSupport } from './log-subject.ts'

export function membershipSuite(
  make: () => Promise<LogSubject>,
  options: { readonly supports: LogSupport; readonly reshards?: boolean },
): readonly ConformanceCase[] {
  const of = casesOver(make)
  return [
    ...alone(of),
    ...(options.supports.workers ? [sharing(of)] : []),
    ...(options.reshards === true ? parentsFirst(of) : []),
  ]
}

/** One task per split. */
const plan: TaskPlan = (splits) =>
  splits.map((split) => ({ subTopology: 'main', task: String(split.partition), splits: [split] }))

function alone(of: CaseOf<LogSubject>): readonly ConformanceCase[] {
  return [
    of('hands all tasks of the plan to the only worker before join resolves', async (subject) => {
      const worker = new Worker(subject)
      await worker.join()
      const splits = await splitsOf(subject)
      expectEqual(
        worker.planned.at(-1),
        splits.map(({ id }) => id),
        'the splits that were planned',
      )
      expectEqual(
        worker.names,
        splits.map(({ partition }) => `main/${partition}`),
        'the tasks',
      )
      await worker.leave()
    }),
    of('waits for onAssigned', async (subject) => {
      let handedOver = false
      const worker = new Worker(subject, {
        onAssigned: async () => {
          await realEnv().timers.yield()
          handedOver = true
        },
      })
      await worker.join()
      expect(handedOver, 'join resolves behind onAssigned')
      await worker.leave()
    }),
    of('revokes what is left when the worker leaves, and waits for it', async (subject) => {
      let released = false
      const worker = new Worker(subject, {
        onRevoke: async () => {
          await realEnv().timers.yield()
          released = true
        },
      })
      await worker.join()
      const held = worker.names
      await worker.leave()
      expect(released, 'leave resolves behind onRevoke')
      expectEqual(worker.revoked, held, 'the tasks that were revoked')
      expectEqual(worker.names, [], 'the tasks that are left')
    }),
    of('refuses to join twice, and joins again after it left', async (subject) => {
      const worker = new Worker(subject)
      await worker.join()
      await expectRejected('MILLRACE_LIFECYCLE', () => worker.join(), 'a second join')
      const held = worker.names
      await worker.leave()
      await worker.join()
      expectEqual(worker.names, held, 'the tasks after the second join')
      expectEqual(new Set(worker.tokens).size, worker.tokens.length, 'a token per assignment')
      await worker.leave()
    }),
    of('leaves without having joined', async (subject) => {
      await new Worker(subject).leave()
    }),
    of('refuses an unknown topic', async (subject) => {
      const worker = new Worker(subject)
      await expectRejected(
        'MILLRACE_UNKNOWN_TOPIC',
        () => worker.join(['no-such-topic']),
        'join with an unknown topic',
      )
      await worker.leave()
    }),
  ]
}

function sharing(of: CaseOf<LogSubject>): ConformanceCase {
  return of(
    'gives each task to exactly one of two workers, and all of them to the one that stays',
    async (subject) => {
      const one = new Worker(subject)
      const two = new Worker(subject, {}, (await subject.another!()).membership())
      await one.join()
      const all = one.names
      await two.join()
      const env = subject.env ?? realEnv()
      for (
        let i = 0;
        i < 200 && (two.names.length === 0 || one.names.length + two.names.length !== all.length);
        i++
      )
        await env.timers.sleep(50)
      expectEqual([...one.names, ...two.names].sort(), [...all].sort(), 'each task once')
      expect(two.names.length > 0, 'the second worker has a task')
      await two.leave()
      for (let i = 0; i < 200 && one.names.length < all.length; i++) await env.timers.sleep(50)
      expectEqual([...one.names].sort(), [...all].sort(), 'all tasks with the worker that stays')
      await one.leave()
    },
  )
}

function parentsFirst(of: CaseOf<LogSubject>): readonly ConformanceCase[] {
  return [
    of('starts children only after every task has ended on their parent', async (subject) => {
      const [parent] = await splitsOf(subject)
      const finish = gate()
      const worker = new Worker(subject, { onSplitEnd: () => finish.opened })
      await subject.append(parent!, testRows(2))
      await worker.join()
      const before = worker.names
      const children = await subject.reshard!([parent!], 2)
      await readToEnd(subject, parent!)
      await worker.until(() => worker.endings.length === 1, 'the end of the parent')
      expectEqual(
        worker.endings,
        [`${parent!.id} -> ${children.map(({ id }) => id).join()}`],
        'the end that was told',
      )
      expectEqual(worker.names, before, 'no child starts before the parent has ended')
      finish.open()
      await worker.until(() => worker.names.length >= before.length + 1, 'the children')
      for (const child of children)
        expect(worker.names.includes(`main/${child.partition}`), `a task for ${child.id}`)
      await worker.leave()
    }),
    of('starts the child of two parents when both have ended', async (subject) => {
      const [left, right] = await splitsOf(subject)
      const worker = new Worker(subject)
      await worker.join()
      const [child] = await subject.reshard!([left!, right!], 1)
      await readToEnd(subject, left!)
      await worker.until(() => worker.endings.length === 1, 'the end of the first parent')
      expect(
        !worker.names.includes(`main/${child!.partition}`),
        'no child while one parent goes on',
      )
      await readToEnd(subject, right!)
      await worker.until(() => worker.names.includes(`main/${child!.partition}`), 'the child')
      await worker.leave()
    }),
    of('starts with the children when the parent had ended before the restart', async (subject) => {
      const [parent] = await splitsOf(subject)
      const worker = new Worker(subject)
      await worker.join()
      const children = await subject.reshard!([parent!], 2)
      await readToEnd(subject, parent!)
      await worker.until(
        () => children.every(({ partition }) => worker.names.includes(`main/${partition}`)),
        'the children',
      )
      await worker.leave()
      await worker.join()
      expect(!worker.names.includes(`main/${parent!.partition}`), 'the parent is not started again')
      for (const child of children)
        expect(worker.names.includes(`main/${child.partition}`), `a task for ${child.id}`)
      await worker.leave()
    }),
  ]
}

/** A worker that keeps the books, and fails when two handlers run at once. */
class Worker implements MembershipHandlers {
  readonly planned: (readonly string[])[] = []
  readonly revoked: string[] = []
  readonly endings: string[] = []
  readonly tokens: string[] = []
  readonly #subject: LogSubject
  readonly #membership: Membership
  readonly #extra: Partial<MembershipHandlers>
  readonly #held = new Map<string, TaskAssignment>()
  #running: string | undefined
  #failed: unknown

  constructor(
    subject: LogSubject,
    extra: Partial<MembershipHandlers> = {},
    membership: Membership = subject.log.membership(),
  ) {
    this.#subject = subject
    this.#extra = extra
    this.#membership = membership
  }

  get names(): readonly string[] {
    return [...this.#held.keys()]
  }

  async join(topics: readonly string[] = [this.#subject.topic]): Promise<void> {
    const noted: TaskPlan = (splits) => {
      this.planned.push(splits.map(({ id }) => id))
      return plan(splits)
    }
    await this.#membership.join(topics, noted, this)
  }

  async leave(): Promise<void> {
    await this.#membership.leave()
    expectEqual(this.#failed, undefined, 'no failure of the membership')
  }

  async until(done: () => boolean, what: string): Promise<void> {
    const env = this.#subject.env ?? realEnv()
    for (let turn = 0; turn < 500 && !done(); turn++) await env.timers.sleep(10)
    expect(done(), what)
  }

  async onAssigned(tasks: readonly TaskAssignment[], token: string): Promise<void> {
    this.tokens.push(token)
    await this.#alone('onAssigned', () => this.#extra.onAssigned?.(tasks, token))
    for (const task of tasks) {
      const name = `${task.subTopology}/${task.task}`
      expect(!this.#held.has(name), `${name} is not assigned twice`)
      this.#held.set(name, task)
    }
  }

  async onRevoke(tasks: readonly TaskAssignment[], deadlineMs: number): Promise<void> {
    await this.#alone('onRevoke', () => this.#extra.onRevoke?.(tasks, deadlineMs))
    for (const task of tasks) this.revoked.push(`${task.subTopology}/${task.task}`)
    this.#drop(tasks)
  }

  async onSplitEnd(split: string, children: readonly Split[]): Promise<void> {
    this.endings.push(`${split} -> ${children.map(({ id }) => id).join()}`)
    await this.#alone('onSplitEnd', () => this.#extra.onSplitEnd?.(split, children))
    for (const [name, task] of this.#held)
      if (task.splits.some(({ id }) => id === split)) this.#held.delete(name)
  }

  onLost(tasks: readonly TaskAssignment[]): void {
    this.#drop(tasks)
  }

  onFailed(error: unknown): void {
    this.#failed ??= error
  }

  async #alone(handler: string, run: () => Promise<void> | undefined): Promise<void> {
    expect(this.#running === undefined, `${handler} is not called while ${this.#running} runs`)
    this.#running = handler
    try {
      await run()
    } finally {
      this.#running = undefined
    }
  }

  #drop(tasks: readonly TaskAssignment[]): void {
    for (const task of tasks) this.#held.delete(`${task.subTopology}/${task.task}`)
  }
}

async function readToEnd(subject: LogSubject, split: Split): Promise<void> {
  const port = subject.log.source(subject.topic)
  await port.open(split, 'earliest')
  const reader = new Reading(subject, port)
  await reader.until(() => reader.ended.has(split.id), `the end of ${split.id}`)
  await port.close(split.id)
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}
