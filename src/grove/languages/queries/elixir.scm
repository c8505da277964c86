(call target: (identifier) @_word (arguments . (alias) @name)
  (#any-of? @_word "defmodule" "defprotocol" "defimpl")) @module
(call target: (identifier) @_word
  (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")])
  (#any-of? @_word "def" "defp" "defdelegate" "defguard" "defguardp")) @function
(call target: (identifier) @_word
  (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")])
  (#any-of? @_word "defmacro" "defmacrop")) @macro
(unary_operator operator: "@" operand: (call target: (identifier) @_word
  (arguments . (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "::")))
  (#any-of? @_word "type" "typep" "opaque")) @type
