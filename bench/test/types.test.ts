/** The types of a user's program stay within their budget, so that an editor answers at once. */
import { assert } from 'chai'
import { measureTypes, typeTable, type TypeCost } from '../types/measure.ts'

describe('type cost', () => {
  let costs: readonly TypeCost[]

  before(async function () {
    this.timeout(120_000)
    costs = await measureTypes()
  })

  it('stays within the instantiations of its budgets', () => {
    const over = costs.filter(({ instantiations, budget }) => instantiations > budget)
    assert.isEmpty(
      over,
      `find what became dearer, or raise bench/types/budgets.json with a reason:\n${typeTable(costs)}`,
    )
  })

  it('has budgets that still say something: less than double the cost', () => {
    const loose = costs.filter(({ instantiations, budget }) => instantiations * 2 < budget)
    assert.isEmpty(loose, `lower bench/types/budgets.json:\n${typeTable(costs)}`)
  })

  after(() => console.log(typeTable(costs).replaceAll(/^/gm, '      ')))
})
