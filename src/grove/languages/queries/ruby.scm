(class name: [(constant) @name (scope_resolution name: (constant) @name)]) @class
(module name: [(constant) @name (scope_resolution name: (constant) @name)]) @module
(method name: (_) @name) @method
(singleton_method name: (_) @name) @method
(assignment left: (constant) @name) @constant
(call method: (identifier) @_method arguments: (argument_list . (simple_symbol) @name)
  (#any-of? @_method "attr_reader" "attr_writer" "attr_accessor" "define_method" "scope" "has_many" "belongs_to" "has_one")) @property
