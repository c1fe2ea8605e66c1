/**
 * Replay: drives a task that was opened with a cut to just before that row (error policy `fail`). Rows that stand between stages
 * are through then, or wait behind the row itself. The caller commits.
 */
import type { Env } from '../env.ts'
import type { RunningTask } from './running-task.ts'
import { idleWaitMs } from './wake.ts'
import type { Wake } from './wake.ts'

/** False if the app was told to stop meanwhile: the next start replays. */
export async function replayToCut(
  replay: RunningTask,
  env: Env,
  wake: Wake,
  stopping: () => boolean,
): Promise<boolean> {
  while (!stopping()) {
    const progressed = replay.turn()
    if (replay.end === 'cut' && (replay.quiet || replay.task.cutInFlight)) return true
    if (progressed) {
      await env.timers.yield()
      continue
    }
    replay.arm()
    const due = (replay.nextDue ?? Infinity) - env.clock.monotonic()
    await wake.wait(Math.max(1, Math.min(idleWaitMs, due)))
  }
  return false
}
