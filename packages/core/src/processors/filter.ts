/** Filter: a row goes on, or ends here as filtered. Allocates nothing. `filterNot` is the same with the sense turned. */
import { RowOperator } from './row-operator.ts'
import { Step, stepKinds } from './step.ts'

export class Filter extends RowOperator {
  constructor(keep: (value: unknown, key: unknown) => unknown, sense: boolean) {
    super(new Step(stepKinds.keep, keep, sense))
  }
}
