locals {
  merged = merge({ a = 1 }, [{ b = 2 }, { c = 3 }]...)
  joined = format("%s-%03d", "x", 7,)
  encoded = jsonencode({
    "key with blank" = [1, true, null]
    (lower("NAME"))  = "computed"
    nested           = { list = [for n in range(2) : n] }
  })
  tried = try(tonumber("x"), 0)
}
