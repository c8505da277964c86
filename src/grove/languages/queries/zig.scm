(variable_declaration (identifier) @name (struct_declaration)) @struct
(variable_declaration (identifier) @name (union_declaration)) @struct
(variable_declaration (identifier) @name (opaque_declaration)) @struct
(variable_declaration (identifier) @name (enum_declaration)) @enum
(variable_declaration (identifier) @name (error_set_declaration)) @enum
(function_declaration name: (identifier) @name) @function
(source_file (variable_declaration (identifier) @name [(integer) (float) (string) (boolean) (anonymous_struct_initializer)]) @constant)
