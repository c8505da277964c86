(class_specifier name: (type_identifier) @name body: (_)) @class
(class_specifier name: (template_type name: (type_identifier) @name) body: (_)) @class
(struct_specifier name: (type_identifier) @name body: (_)) @struct
(struct_specifier name: (template_type name: (type_identifier) @name) body: (_)) @struct
(union_specifier name: (type_identifier) @name body: (_)) @struct
(enum_specifier name: (type_identifier) @name body: (_)) @enum
(namespace_definition name: [(namespace_identifier) (nested_namespace_specifier)] @name) @module
(function_definition declarator: [
  (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier) (destructor_name) (operator_name)] @name)
  (_ (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier) (operator_name)] @name))
  (_ (_ (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier) (operator_name)] @name)))
]) @function
(field_declaration declarator: [
  (function_declarator declarator: (field_identifier) @name)
  (_ (function_declarator declarator: (field_identifier) @name))
]) @method
(type_definition declarator: [
  (type_identifier) @name
  (pointer_declarator declarator: (type_identifier) @name)
] @type)
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @type
(preproc_def name: (identifier) @name value: (_)) @macro
(preproc_function_def name: (identifier) @name) @macro
(enumerator name: (identifier) @name) @constant
