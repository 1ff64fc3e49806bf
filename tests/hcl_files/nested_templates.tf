locals {
  stage = "dev"
  deep  = "a-${"b-${"c-${local.stage}"}"}"
  quote = "say \"${local.stage == "dev" ? "hi \"you\"" : "no"}\""
  loop  = "%{ for n in [1, 2, 3] }${n}%{ if n < 3 },%{ endif }%{ endfor }"
  map   = "${{ a = 1, b = "}" }["b"]}"
  strip = "x ${~ "y" ~} z"
  marks = "$${a} %%{b} $ % $5 %d"
}
