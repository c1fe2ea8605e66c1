/**
 * A graceful stop of one task: intake ends, async nodes are drained up to the deadline (what is still in flight then goes into
 * the delta and is issued again by the next owner), a last commit, its rows published, everything released.
 */
import type { Env } from '../env.ts'
import { MillraceError } from '../errors.ts'
import type { RunningTask } from './running-task.ts'

export async function drainAndClose(
  running: RunningTask,
  env: Env,
  withinMs: number,
): Promise<void> {
  const deadline = env.clock.monotonic() + withinMs
  running.stopIntake()
  try {
    while (!running.quiet && env.clock.monotonic() < deadline) {
      running.turn()
      await env.timers.sleep(1)
    }
    await within(env, deadline - env.clock.monotonic(), running)
  } finally {
    await running.close()
  }
}

/** The last commits must be decided in time; what cannot be published stays in the log for the next owner. */
async function within(env: Env, ms: number, running: RunningTask): Promise<void> {
  let late = false
  const timer = env.timers.deadline(Math.max(ms, 1_000))
  const overdue = new Promise<void>((resolve) => {
    timer.signal.addEventListener(
      'abort',
      () => {
        late = true
        resolve()
      },
      { once: true },
    )
  })
  try {
    await Promise.race([running.commitAll(true), overdue])
  } finally {
    timer.release()
  }
  if (late && !running.commits.settled) {
    throw new MillraceError(
      'MILLRACE_SHUTDOWN_TIMEOUT',
      `the last commit was not decided in time: the next start replays from the one before`,
      { at: { task: running.id } },
    )
  }
}
