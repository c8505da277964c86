(header module: (module) @name) @module
(declarations (data_type name: (name) @name) @type)
(declarations (newtype name: (name) @name) @type)
(declarations (type_synonym name: (name) @name) @type)
(declarations (class name: (name) @name) @trait)
(declarations (instance name: (name) @name) @holder)
(declarations (signature name: (variable) @name) @function)
(declarations (function name: (variable) @name) @function)
(declarations (bind name: (variable) @name) @function)
(class_declarations (signature name: (variable) @name) @function)
(instance_declarations (function name: (variable) @name) @function)
(instance_declarations (bind name: (variable) @name) @function)
(data_constructor constructor: (_ name: (constructor) @name)) @constant
