// Opens the state of a task and holds it until its input ends, or until it is killed.
import { realEnv } from '../../../src/env.ts'
import { level } from '../../../src/level.ts'
import { keyValueStore } from '../../../src/state/key-value.ts'

async function main(dir: string): Promise<void> {
  const place = { app: 'app', subTopology: 'orders/eu', task: '0', env: realEnv(), dir }
  const state = await level().open(place)
  const store = state.open(keyValueStore<string, number>('rows'))
  for (let i = 0; i < 5_000; i++) store.put(`key-${i}`, i)
  state.freeze()
  state.decided()
  await state.apply()
  process.stdout.write('open\n')
  for await (const _ of process.stdin);
  await state.close()
}

void main(process.argv[2]!)
