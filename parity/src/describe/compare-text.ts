/**
 * Compares two texts of a topology by structure: each ten-digit number becomes its rank of first appearance among those with the same
 * prefix, the capitals and hyphens before it.
 */
export function textDifference(expected: string, got: string): string | undefined {
  const wanted = ranked(expected).split('\n')
  const lines = ranked(got).split('\n')
  for (let i = 0; i < Math.max(wanted.length, lines.length); i++)
    if (wanted[i] !== lines[i])
      return `line ${i + 1}: expected ${show(wanted[i])}, got ${show(lines[i])}`
  return undefined
}

function ranked(text: string): string {
  const ranks = new Map<string, Map<string, number>>()
  return text.replaceAll(/([A-Z-]*)(\d{10})/g, (_, prefix: string, number: string) => {
    let known = ranks.get(prefix)
    if (known === undefined) ranks.set(prefix, (known = new Map()))
    if (!known.has(number)) known.set(number, known.size)
    return `${prefix}#${known.get(number)}`
  })
}

function show(line: string | undefined): string {
  return line === undefined ? 'the end' : JSON.stringify(line)
}
