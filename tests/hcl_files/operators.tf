locals {
  sum      = 1 + 2 * 3 - -4 / 2 % 3
  compare  = (1 < 2 && 2 <= 2) || !(3 > 4) && 5 >= 5 && 1 != 2
  chosen   = true ? "yes" : false ? "maybe" : "no"
  numbers  = [1.5, 1e3, 2E-2, -7]
  spanning = (
    1
    + 2
  )
  index  = ["a", "b"][1]
  legacy = [{ n = 1 }, { n = 2 }].*.n
  first  = [[1, 2], [3]].0[1]
}
