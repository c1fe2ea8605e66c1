/** One program, named by its first bench, in a process of its own. The rows go to the parent as JSON lines. */
import { programs } from './programs.ts'

const program = programs.find(({ benches }) => benches[0] === process.argv[2])
if (program === undefined) throw new Error(`no program begins with the bench ${process.argv[2]}`)
for (const row of await program.run()) process.stdout.write(`${JSON.stringify(row)}\n`)
