(block (identifier) @_word . (string_lit (template_literal) @container) . (string_lit (template_literal) @name)
  (#any-of? @_word "resource" "data")) @resource
(block (identifier) @_word . (string_lit (template_literal) @name) (#any-of? @_word "variable" "output")) @variable
(block (identifier) @_word . (string_lit (template_literal) @name) (#eq? @_word "module")) @module
(block (identifier) @_word . (string_lit (template_literal) @name) (#any-of? @_word "provider" "job" "group" "task")) @resource
(block (identifier) @_word (body (attribute (identifier) @name) @variable) (#eq? @_word "locals"))
