// The checker of examples, checked: on pages that are right and on pages that lie.
import { assert } from 'chai'
import { join } from 'node:path'
import { root } from '../tidy/files.ts'
import { differences, fencesOf, programOf, type Fence } from './fences.ts'
import { compileFences, runFence, writeFences } from './run.ts'

const page = `# A page

\`\`\`ts
const greeting: string = 'hello'
console.log(greeting, 'world') // => hello world
for (const n of [1, 2]) {
  console.log(n) // => 1
  // => 2
}
console.log(
  { a: 1 },
) // => { a: 1 }
\`\`\`

\`\`\`sh
npm start
\`\`\`

  \`\`\`ts no-run
  const wrong: number = 'text'
  \`\`\`

\`\`\`ts fragment
app.stream(...)
\`\`\`

\`\`\`ts
console.log(1) // => 2
if (Math.max(1, 2) === 1) console.log('never') // => never
\`\`\`
`

describe('the checker of examples', () => {
  it('finds the TypeScript blocks of a page with their kind and line', () => {
    const found = fencesOf('page.md', page).map(({ line, kind }) => ({ line, kind }))
    assert.deepEqual(found, [
      { line: 3, kind: 'run' },
      { line: 19, kind: 'no-run' },
      { line: 23, kind: 'fragment' },
      { line: 27, kind: 'run' },
    ])
  })

  it('takes an indented block for what it is without the indent', () => {
    assert.equal(fencesOf('page.md', page)[1]?.code, "const wrong: number = 'text'\n")
  })

  it('refuses a mark it does not know, and a block that is never closed', () => {
    assert.throws(
      () => fencesOf('p.md', '```ts norun\n```\n'),
      'p.md:1 opens with an unknown `ts norun`',
    )
    assert.throws(() => fencesOf('p.md', '```typescript\n```\n'), 'unknown `typescript`')
    assert.throws(() => fencesOf('p.md', 'x\n```ts\n'), 'p.md:2 opens a block that is never closed')
  })

  it('keeps every line where it is and knows what each print must say', () => {
    const { code, expected } = programOf(fencesOf('page.md', page)[0] as Fence)
    assert.equal(code.split('\n')[1], "$print(2, greeting, 'world') // => hello world")
    assert.deepEqual(
      [...expected],
      [
        [2, 'hello world'],
        [4, '1\n2'],
        [7, '{ a: 1 }'],
      ],
    )
  })

  it('refuses an expectation without a print', () => {
    const [fence] = fencesOf('p.md', '```ts\nconst x = 1 // => 1\n```\n')
    assert.throws(() => programOf(fence as Fence), 'p.md:2 expects a print')
  })

  it('passes what is right and names the line of the page that is wrong', async function () {
    this.timeout(60_000)
    const folder = join(root, 'docs/.generated/sample')
    const fences = fencesOf('page.md', page).filter((fence) => fence.kind !== 'fragment')
    writeFences(folder, fences)

    const errors = await compileFences(folder, fences)
    assert.deepEqual([...errors.keys()], ['page-19'])
    assert.match(String(errors.get('page-19')), /^page\.md:20 error TS2322/)

    const [right, , wrong] = fences as [Fence, Fence, Fence]
    const good = await runFence(folder, right)
    assert.isTrue(good.ok, good.output)
    assert.deepEqual(differences(right, programOf(right).expected, good.printed), [])

    const bad = await runFence(folder, wrong)
    assert.deepEqual(differences(wrong, programOf(wrong).expected, bad.printed), [
      'page.md:28 printed\n1\nnot\n2',
      'page.md:29 printed nothing, not\nnever',
    ])
  })
})
