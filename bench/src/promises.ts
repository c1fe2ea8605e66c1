/** Counts promises that come into being while something runs. The hook slows everything: never together with a clock. */
import { createHook } from 'node:async_hooks'

export async function promisesDuring(work: () => void | Promise<unknown>): Promise<number> {
  let promises = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises++
    },
  })
  hook.enable()
  try {
    const end = work()
    if (end !== undefined) await end // else there is nothing to wait for, and waiting would be counted
  } finally {
    hook.disable()
  }
  return promises
}
