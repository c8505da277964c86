(element (start_tag (tag_name) @_tag) . (text) @name (#match? @_tag "^[hH][1-6]$")) @heading
(element (start_tag (attribute (attribute_name) @_key (quoted_attribute_value (attribute_value) @name))) (#eq? @_key "id")) @element
(script_element (start_tag (attribute (attribute_name) @_key (quoted_attribute_value (attribute_value) @name))) (#eq? @_key "id")) @element
